<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

/**
 * The shop's caches.
 *
 * @api
 */
interface CacheInterface
{
    /**
     * Clean caches and return which.
     *
     * @param string[] $types empty: all
     * @return string[]
     */
    public function clean(array $types = []): array;
}
