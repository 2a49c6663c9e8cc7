<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\Exception\NoSuchEntityException;
use Magento\Store\Api\Data\StoreInterface;
use Magento\Store\Api\Data\WebsiteInterface;
use Magento\Store\Api\StoreRepositoryInterface;
use Magento\Store\Api\WebsiteRepositoryInterface;
use Magento\Store\Model\Store;
use StoreController\Bridge\Core\Scope;
use StoreController\Bridge\Core\ScopeMissing;

/**
 * Websites and store views by their codes. Magento's own repositories take a number for a code as well, and would
 * write to whatever has that number.
 */
class Scopes
{
    /**
     * @param WebsiteRepositoryInterface $websites
     * @param StoreRepositoryInterface $stores
     */
    public function __construct(
        private readonly WebsiteRepositoryInterface $websites,
        private readonly StoreRepositoryInterface $stores
    ) {
    }

    /**
     * Returns the number that the shop knows a scope by.
     *
     * @param Scope $scope
     * @throws ScopeMissing
     */
    public function id(Scope $scope): int
    {
        return match ($scope->type) {
            Scope::WEBSITES => $this->websiteId($scope->code),
            Scope::STORES => (int)$this->store($scope->code)->getId(),
            default => 0,
        };
    }

    /**
     * Returns the scope that a scope inherits from; null for the default scope.
     *
     * @param Scope $scope
     * @throws ScopeMissing
     */
    public function parent(Scope $scope): ?Scope
    {
        if ($scope->type !== Scope::STORES) {
            return $scope->isDefault() ? null : new Scope();
        }
        $website = $this->websites->getById((int)$this->store($scope->code)->getWebsiteId());
        return new Scope(Scope::WEBSITES, (string)$website->getCode());
    }

    /**
     * Returns the number of a website that customers may see.
     *
     * @param string $code
     * @throws ScopeMissing
     */
    public function websiteId(string $code): int
    {
        try {
            $website = $this->websites->get($code);
        } catch (NoSuchEntityException) {
            throw $this->missing('website', $code);
        }
        return (int)$this->sure($website, 'website', $code)->getId();
    }

    /**
     * Finds a store view.
     *
     * @param string $code
     * @throws ScopeMissing
     */
    private function store(string $code): StoreInterface
    {
        try {
            $store = $this->stores->get($code);
        } catch (NoSuchEntityException) {
            throw $this->missing('store', $code);
        }
        return $this->sure($store, 'store', $code);
    }

    /**
     * Makes sure that it is what was asked for, and not the administration's.
     *
     * @template T of WebsiteInterface|StoreInterface
     * @param T $found
     * @param string $kind
     * @param string $code
     * @return T
     * @throws ScopeMissing
     */
    private function sure(
        WebsiteInterface|StoreInterface $found,
        string $kind,
        string $code
    ): WebsiteInterface|StoreInterface {
        if ((string)$found->getCode() !== $code || (int)$found->getId() === Store::DEFAULT_STORE_ID) {
            throw $this->missing($kind, $code);
        }
        return $found;
    }

    /**
     * Says it in Magento's own words.
     *
     * @param string $kind
     * @param string $code
     */
    private function missing(string $kind, string $code): ScopeMissing
    {
        return new ScopeMissing(
            'The %1 with code %2 that was requested wasn\'t found. Verify the %1 and try again.',
            [$kind, $code]
        );
    }
}
