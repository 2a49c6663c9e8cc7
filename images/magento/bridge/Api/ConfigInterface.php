<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

use StoreController\Bridge\Api\Data\ApplyResultInterface;

/**
 * Settings of any scope, written and read in bulk.
 *
 * @api
 */
interface ConfigInterface
{
    /**
     * Apply configuration values, all or nothing.
     *
     * @param \StoreController\Bridge\Api\Data\ConfigItemInterface[] $items
     * @param int $revision refused when older than the applied one
     * @param bool $dryRun say what would happen and write nothing
     * @param bool $cleanCache false leaves the page caches to the next call
     * @param bool $replaceManaged let go what was applied once and is not listed
     * @return \StoreController\Bridge\Api\Data\ApplyResultInterface
     */
    public function apply(
        array $items,
        int $revision,
        bool $dryRun = false,
        bool $cleanCache = true,
        bool $replaceManaged = false
    ): ApplyResultInterface;

    /**
     * Say what is in force, where it comes from, and what was applied last. Secrets stay hidden.
     *
     * @param \StoreController\Bridge\Api\Data\ConfigItemInterface[] $items
     * @return \StoreController\Bridge\Api\Data\ConfigResultInterface[]
     */
    public function query(array $items): array;
}
