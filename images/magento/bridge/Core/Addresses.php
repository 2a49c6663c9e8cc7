<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What a name leads to.
 */
class Addresses
{
    /**
     * Returns every IPv4 address of a name, or the name itself where there is none.
     *
     * @param string $host
     * @return string[]
     */
    public function of(string $host): array
    {
        $found = $host === '' ? false : gethostbynamel($host);
        return $found === false || $found === [] ? [$host] : array_values(array_unique($found));
    }
}
