<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\TestMailInterface;

/**
 * What became of a test mail.
 */
class TestMail implements TestMailInterface
{
    /**
     * @param bool $sent
     * @param string $detail
     */
    public function __construct(
        private readonly bool $sent,
        private readonly string $detail
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getSent(): bool
    {
        return $this->sent;
    }

    /**
     * @inheritDoc
     */
    public function getDetail(): string
    {
        return $this->detail;
    }
}
