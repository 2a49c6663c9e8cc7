<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * A link that signs in once.
 *
 * @api
 */
interface LoginLinkInterface
{
    /**
     * Address to open.
     *
     * @return string
     */
    public function getUrl(): string;

    /**
     * When it turns worthless, ISO 8601.
     *
     * @return string
     */
    public function getExpiresAt(): string;
}
