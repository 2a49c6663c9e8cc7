<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * What a batch came to.
 *
 * @api
 */
interface ApplyResultInterface
{
    /**
     * False for a dry run.
     *
     * @return bool
     */
    public function getApplied(): bool;

    /**
     * Applied revision.
     *
     * @return int
     */
    public function getRevision(): int;

    /**
     * Keyed hash over everything managed.
     *
     * @return string
     */
    public function getChecksum(): string;

    /**
     * How many rows were, or would be, written or deleted.
     *
     * @return int
     */
    public function getChanged(): int;

    /**
     * How many items were as they should be.
     *
     * @return int
     */
    public function getUnchanged(): int;

    /**
     * How many items cannot be; a dry run only.
     *
     * @return int
     */
    public function getFailed(): int;

    /**
     * Cache types that were cleaned.
     *
     * @return string[]
     */
    public function getCleanedCaches(): array;

    /**
     * How long it took, in milliseconds.
     *
     * @return int
     */
    public function getDurationMs(): int;

    /**
     * One for every item, then those that were let go.
     *
     * @return \StoreController\Bridge\Api\Data\ConfigResultInterface[]
     */
    public function getResults(): array;
}
