<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Data;

use StoreController\Bridge\Api\Data\ReadyInterface;

/**
 * That the shop can serve.
 */
class Ready implements ReadyInterface
{
    /**
     * @param bool $ready
     */
    public function __construct(
        private readonly bool $ready
    ) {
    }

    /**
     * @inheritDoc
     */
    public function getReady(): bool
    {
        return $this->ready;
    }
}
