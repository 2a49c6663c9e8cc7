<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Framework\Config\ScopeInterface;

/**
 * Always "adminhtml", for the reader of system.xml alone. Switching the process's own scope in the middle of a
 * REST request makes Magento replace its plugin list; the request then ends in an HTML 500 after its writes.
 */
class AdminhtmlScope implements ScopeInterface
{
    private const AREA = 'adminhtml';

    /**
     * @inheritDoc
     */
    public function getCurrentScope(): string
    {
        return self::AREA;
    }

    /**
     * Nothing may change it.
     *
     * @param string $scope
     * @throws \LogicException for any other scope
     */
    public function setCurrentScope($scope): void
    {
        if ($scope !== self::AREA) {
            throw new \LogicException('This scope is fixed.');
        }
    }
}
