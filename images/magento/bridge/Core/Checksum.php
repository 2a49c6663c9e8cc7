<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * One keyed hash over settings and their plain values, whatever their order.
 */
class Checksum
{
    /**
     * @param VaultInterface $vault
     */
    public function __construct(private readonly VaultInterface $vault)
    {
    }

    /**
     * Returns 64 hexadecimal digits; an empty text when there is nothing to sum up.
     *
     * @param array<string,string|null> $values null: inherits
     */
    public function of(array $values): string
    {
        if ($values === []) {
            return '';
        }
        ksort($values);
        $digests = [];
        foreach ($values as $key => $value) {
            // Keyed, so that a short secret cannot be guessed from the sum.
            $digests[$key] = $value === null ? 'inherit' : $this->vault->hash($key . '=' . $value);
        }
        return hash('sha256', json_encode($digests, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR));
    }
}
