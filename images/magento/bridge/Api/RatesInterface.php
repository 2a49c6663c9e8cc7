<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

/**
 * Currency rates; they have no scope.
 *
 * @api
 */
interface RatesInterface
{
    /**
     * Return all rates.
     *
     * @return \StoreController\Bridge\Api\Data\RateInterface[]
     */
    public function get(): array;

    /**
     * Store rates, all or none, and return all of them.
     *
     * @param \StoreController\Bridge\Api\Data\RateInterface[] $rates
     * @return \StoreController\Bridge\Api\Data\RateInterface[]
     */
    public function save(array $rates): array;
}
