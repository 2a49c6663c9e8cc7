<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * One table rate: what shipping to a place costs from an amount on.
 */
class TableRow
{
    /**
     * @param string $country
     * @param string $region
     * @param string $postcode
     * @param string $from
     * @param string $price
     */
    public function __construct(
        public readonly string $country,
        public readonly string $region,
        public readonly string $postcode,
        public readonly string $from,
        public readonly string $price
    ) {
    }

    /**
     * What may be there only once. The database compares postcodes without regard to case.
     */
    public function key(): string
    {
        return strtoupper(implode('|', [$this->country, $this->region, $this->postcode, $this->from]));
    }
}
