<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\TableRatesResultInterface;

/**
 * What replacing table rates came to.
 */
class TableRatesResult implements TableRatesResultInterface
{
    /**
     * @param bool $changed
     * @param int $count
     * @param string $checksum
     */
    public function __construct(
        private readonly bool $changed,
        private readonly int $count,
        private readonly string $checksum
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getChanged(): bool
    {
        return $this->changed;
    }

    /**
     * @inheritDoc
     */
    public function getCount(): int
    {
        return $this->count;
    }

    /**
     * @inheritDoc
     */
    public function getChecksum(): string
    {
        return $this->checksum;
    }
}
