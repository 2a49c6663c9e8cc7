<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * What replacing table rates came to.
 *
 * @api
 */
interface TableRatesResultInterface
{
    /**
     * Whether rows were written.
     *
     * @return bool
     */
    public function getChanged(): bool;

    /**
     * How many rows there are.
     *
     * @return int
     */
    public function getCount(): int;

    /**
     * SHA-256 over the rows.
     *
     * @return string
     */
    public function getChecksum(): string;
}
