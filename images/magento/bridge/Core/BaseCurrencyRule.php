<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Magento stores a website's own base currency and ignores it unless prices are kept per website.
 */
class BaseCurrencyRule
{
    private const BASE = 'currency/options/base';
    private const PRICE_SCOPE = 'catalog/price/scope';
    private const PER_WEBSITE = '1';

    /**
     * Refuses a base currency that would have no effect.
     *
     * @param ShopInterface $shop
     * @param Setting $setting
     * @param array<string,Write> $batch
     * @throws Refusal
     */
    public function check(ShopInterface $shop, Setting $setting, array $batch): void
    {
        if ($setting->path !== self::BASE || $setting->scope->isDefault()) {
            return;
        }
        $scope = new Scope();
        $given = $batch[(new Setting(self::PRICE_SCOPE, $scope))->key()] ?? null;
        $inForce = $given === null ? $shop->effective(self::PRICE_SCOPE, $scope) : $given->setting->wanted();
        if ($inForce !== self::PER_WEBSITE) {
            throw new Refusal(
                'A website has a base currency of its own only when prices are kept per website: '
                . 'set "%1" to %2, in the same batch or before.',
                [self::PRICE_SCOPE, self::PER_WEBSITE]
            );
        }
    }
}
