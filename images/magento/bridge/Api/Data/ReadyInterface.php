<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api\Data;

/**
 * That the shop can serve.
 *
 * @api
 */
interface ReadyInterface
{
    /**
     * Always true; a shop that is not ready answers 503.
     *
     * @return bool
     */
    public function getReady(): bool;
}
