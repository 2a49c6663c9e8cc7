<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * What became of a test mail.
 *
 * @api
 */
interface TestMailInterface
{
    /**
     * Whether the mail server took it.
     *
     * @return bool
     */
    public function getSent(): bool;

    /**
     * Why not, in the mail server's own words; empty when it did.
     *
     * @return string
     */
    public function getDetail(): string;
}
