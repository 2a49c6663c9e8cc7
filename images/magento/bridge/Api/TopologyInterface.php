<?php

declare(strict_types=1);

namespace StoreController\Bridge\Api;

/**
 * Websites, store groups and store views.
 *
 * @api
 */
interface TopologyInterface
{
    /**
     * Create or update websites, groups and store views by code. Never deletes.
     *
     * @param \StoreController\Bridge\Api\Data\ScopeNodeInterface[] $nodes
     * @return \StoreController\Bridge\Api\Data\ScopeNodeInterface[]
     */
    public function apply(array $nodes): array;
}
