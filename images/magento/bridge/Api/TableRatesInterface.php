<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

use StoreController\Bridge\Api\Data\TableRatesResultInterface;

/**
 * Rows of the table rates carrier.
 *
 * @api
 */
interface TableRatesInterface
{
    /**
     * Make these the only rows of a website and condition, all or nothing.
     *
     * @param string $website
     * @param string $condition
     * @param \StoreController\Bridge\Api\Data\TableRateInterface[] $rows
     * @return \StoreController\Bridge\Api\Data\TableRatesResultInterface
     */
    public function replace(string $website, string $condition, array $rows): TableRatesResultInterface;

    /**
     * Return the rows of a website and condition by country, region, postcode and amount.
     *
     * @param string $website
     * @param string $condition
     * @return \StoreController\Bridge\Api\Data\TableRateInterface[]
     */
    public function get(string $website, string $condition): array;
}
