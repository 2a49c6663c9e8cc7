<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\FormData;
use StoreController\Bridge\Core\Scope;
use StoreController\Bridge\Core\Setting;
use StoreController\Bridge\Core\Write;

/**
 * What backend models are told about the rest of their batch.
 */
class FormDataTest extends TestCase
{
    private const ALLOW = 'currency/options/allow';
    private const DEFAULT = 'currency/options/default';

    /**
     * @var SmallShop
     */
    private SmallShop $shop;

    /**
     * Every test has a shop of its own.
     */
    protected function setUp(): void
    {
        $this->shop = new SmallShop();
    }

    /**
     * Fields stand in their groups, several choices as a list.
     */
    public function testNestsFieldsInGroups(): void
    {
        self::assertSame(
            ['options' => ['fields' => ['allow' => ['value' => ['USD', 'MXN']], 'default' => ['value' => 'MXN']]]],
            $this->groups('currency', null, [
                [self::ALLOW, null, 'USD,MXN'],
                [self::DEFAULT, null, 'MXN'],
                ['carriers/flatrate/price', null, '7'],
            ])
        );
        self::assertSame(
            ['bt' => ['groups' => ['deep' => ['fields' => ['key' => ['value' => 'x']]]]]],
            $this->groups('payment_us', null, [['payment/bt/key', null, 'x']])
        );
    }

    /**
     * A website sees what the same batch gives the default scope, but for what it has itself.
     */
    public function testAWebsiteSeesTheDefaultScopeOfItsBatch(): void
    {
        $batch = [[self::ALLOW, null, 'USD,MXN'], [self::DEFAULT, 'mx', 'MXN']];
        $seen = ['allow' => ['value' => ['USD', 'MXN']], 'default' => ['value' => 'MXN']];
        self::assertSame(['options' => ['fields' => $seen]], $this->groups('currency', 'mx', $batch));
        $this->shop->rows = ['websites|mx|' . self::ALLOW => 'MXN'];
        unset($seen['allow']);
        self::assertSame(['options' => ['fields' => $seen]], $this->groups('currency', 'mx', $batch));
    }

    /**
     * What inherits from now on holds what is stored above it, not what it held.
     */
    public function testWhatInheritsHoldsTheValueAbove(): void
    {
        $this->shop->rows = ['default||' . self::ALLOW => 'USD,EUR', 'websites|mx|' . self::ALLOW => 'MXN'];
        self::assertSame(
            ['options' => ['fields' => ['allow' => ['value' => ['USD', 'EUR']]]]],
            $this->groups('currency', 'mx', [[self::ALLOW, 'mx', null]])
        );
        $this->shop->rows = ['websites|mx|' . self::ALLOW => 'MXN'];
        self::assertSame(
            ['options' => ['fields' => ['allow' => ['inherit' => 1]]]],
            $this->groups('currency', 'mx', [[self::ALLOW, 'mx', null]])
        );
    }

    /**
     * A choice of nothing is an empty list.
     */
    public function testNoChoiceIsAnEmptyList(): void
    {
        $form = new FormData();
        $field = $this->shop->field(self::ALLOW);
        self::assertSame([], $form->value($field, ''));
        self::assertNull($form->value($field, null));
        self::assertSame('a,b', $form->value($this->shop->field(self::DEFAULT), 'a,b'));
    }

    /**
     * The form of one section and scope.
     *
     * @param string $section
     * @param string|null $website
     * @param array<int,array{string,string|null,string|null}> $items path, website, value or null to inherit
     * @return array<string,mixed>
     */
    private function groups(string $section, ?string $website, array $items): array
    {
        $batch = [];
        foreach ($items as [$path, $code, $value]) {
            $setting = new Setting($path, $this->scope($code), $value, $value === null);
            $batch[$setting->key()] = new Write($setting, $this->shop->field($path));
        }
        return (new FormData())->groups($this->shop, $this->scope($website), $section, $batch);
    }

    /**
     * The scope of a website, or the default one.
     *
     * @param string|null $website
     */
    private function scope(?string $website): Scope
    {
        return $website === null ? new Scope() : new Scope(Scope::WEBSITES, $website);
    }
}
