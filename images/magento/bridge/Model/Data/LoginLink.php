<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\LoginLinkInterface;

/**
 * A link that signs in once.
 */
class LoginLink implements LoginLinkInterface
{
    /**
     * @param string $url
     * @param string $expiresAt
     */
    public function __construct(
        private readonly string $url,
        private readonly string $expiresAt
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getUrl(): string
    {
        return $this->url;
    }

    /**
     * @inheritDoc
     */
    public function getExpiresAt(): string
    {
        return $this->expiresAt;
    }
}
