<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Store\Api\Data\StoreInterface;
use Magento\Store\Model\StoreManagerInterface;

/**
 * The store views that customers see.
 */
class Views
{
    /**
     * @param StoreManagerInterface $stores
     */
    public function __construct(private readonly StoreManagerInterface $stores)
    {
    }

    /**
     * Returns the codes of the active store views; the administration's is none of them.
     *
     * @return string[]
     */
    public function active(): array
    {
        $active = array_filter(
            $this->stores->getStores(false),
            static fn (StoreInterface $store): bool => (bool)$store->getIsActive()
        );
        return array_values(array_map(static fn (StoreInterface $store): string => (string)$store->getCode(), $active));
    }

    /**
     * Returns the numbers of all store views, active or not.
     *
     * @return int[]
     */
    public function ids(): array
    {
        return array_values(array_map(
            static fn (StoreInterface $store): int => (int)$store->getId(),
            $this->stores->getStores(false)
        ));
    }
}
