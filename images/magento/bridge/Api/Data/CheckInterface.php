<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * One thing that was looked at.
 *
 * @api
 */
interface CheckInterface
{
    /**
     * What it is about: db, cache, search or cron.
     *
     * @return string
     */
    public function getName(): string;

    /**
     * Whether it is well.
     *
     * @return bool
     */
    public function getOk(): bool;

    /**
     * How long the look took, in milliseconds.
     *
     * @return int
     */
    public function getMs(): int;

    /**
     * What was seen.
     *
     * @return string|null
     */
    public function getDetail(): ?string;
}
