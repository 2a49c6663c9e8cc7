<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\AddressRule;
use StoreController\Bridge\Core\AllowList;
use StoreController\Bridge\Core\BaseCurrencyRule;
use StoreController\Bridge\Core\Entry;
use StoreController\Bridge\Core\Manifest;
use StoreController\Bridge\Core\Outcome;
use StoreController\Bridge\Core\Plan;
use StoreController\Bridge\Core\Planner;
use StoreController\Bridge\Core\RawItem;
use StoreController\Bridge\Core\ValueRules;
use StoreController\Bridge\Core\Write;
use StoreController\Bridge\Core\WriteOrder;

/**
 * What a batch of settings comes to.
 */
class PlannerTest extends TestCase
{
    private const CITY = 'general/store_information/city';
    private const PRICE = 'carriers/flatrate/price';
    private const SECRET = 'carriers/ups/password';
    private const BASE = 'currency/options/base';
    private const SCOPE = 'catalog/price/scope';

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
     * What is stored already is unchanged, what differs is written.
     */
    public function testWritesOnlyWhatDiffers(): void
    {
        $this->shop->rows = ['default||' . self::CITY => 'Austin'];
        $plan = $this->plan([new RawItem(self::CITY, value: 'Austin'), new RawItem(self::PRICE, value: '7.50')]);
        self::assertSame(['unchanged', 'changed'], $this->statuses($plan));
        self::assertSame([self::PRICE], $plan->paths());
        self::assertSame([1, 1], [$plan->changed(), $plan->unchanged()]);
        self::assertCount(2, $plan->wanted);
    }

    /**
     * A dry run says what would happen.
     */
    public function testDryRunSaysWould(): void
    {
        $manifest = new Manifest(1, ['default||' . self::PRICE => new Entry('7')]);
        $this->shop->rows = ['default||' . self::PRICE => '7'];
        $plan = $this->plan([new RawItem(self::CITY, value: 'Austin')], $manifest, true, true);
        self::assertSame([Outcome::WOULD_CHANGE, Outcome::WOULD_RESET], $this->statuses($plan));
    }

    /**
     * Inheriting deletes a row, and does nothing where there is none.
     */
    public function testInheritDeletesWhatIsThere(): void
    {
        $this->shop->rows = ['websites|mx|' . self::CITY => 'CDMX'];
        $plan = $this->plan([
            new RawItem(self::CITY, 'websites', 'mx', null, true),
            new RawItem(self::PRICE, 'websites', 'mx', null, true),
        ]);
        self::assertSame(['changed', 'unchanged'], $this->statuses($plan));
        self::assertNull($plan->writes[0]->setting->wanted());
    }

    /**
     * A secret is compared in plain; one that cannot be read is written again.
     */
    public function testSecretsAreComparedInPlain(): void
    {
        $this->shop->rows = ['default||' . self::SECRET => 'hush', 'default||payment/bt/key' => null];
        $plan = $this->plan([
            new RawItem(self::SECRET, value: 'hush'),
            new RawItem('payment/bt/key', value: 'hush'),
        ]);
        self::assertSame(['unchanged', 'changed'], $this->statuses($plan));
    }

    /**
     * A value that the shop spells in its own way is not written again and again.
     */
    public function testKeepsTheShopsSpelling(): void
    {
        $this->shop->rows = ['default||' . self::CITY => 'austin'];
        $manifest = new Manifest(1, ['default||' . self::CITY => new Entry('Austin', false, 'austin')]);
        self::assertSame(['unchanged'], $this->statuses($this->plan(
            [new RawItem(self::CITY, value: 'Austin')],
            $manifest
        )));
        $this->shop->rows = ['default||' . self::CITY => 'Dallas'];
        self::assertSame(['changed'], $this->statuses($this->plan(
            [new RawItem(self::CITY, value: 'Austin')],
            $manifest
        )));
    }

    /**
     * Every item that cannot be is named, with its reason.
     *
     * @dataProvider refusals
     * @param RawItem $item
     * @param string $message
     */
    public function testNamesWhatCannotBe(RawItem $item, string $message): void
    {
        $this->shop->locked = ['currency/options/default'];
        $plan = $this->plan([$item, new RawItem(self::CITY, value: 'Austin')]);
        self::assertSame(['error', 'changed'], $this->statuses($plan));
        self::assertSame($message, $plan->errors()[0]->message);
    }

    /**
     * Items that cannot be.
     *
     * @return array<string,array{RawItem,string}>
     */
    public function refusals(): array
    {
        return [
            'unknown path' => [new RawItem('no/such/path', value: '1'), 'Unknown path "no/such/path".'],
            'no path' => [new RawItem('', value: '1'), 'Unknown path "".'],
            'unknown scope type' => [
                new RawItem(self::PRICE, 'galaxy', 'x', '1'),
                'Scope must be default, websites or stores, not "galaxy".',
            ],
            'scope without code' => [
                new RawItem(self::PRICE, 'websites', null, '1'),
                'scope_code is required for scope "websites".',
            ],
            'default with code' => [
                new RawItem(self::PRICE, 'default', 'mx', '1'),
                'scope_code must be empty for scope "default".',
            ],
            'administration' => [
                new RawItem(self::PRICE, 'stores', 'admin', '1'),
                'The admin scope cannot be configured.',
            ],
            'no such website' => [new RawItem(self::PRICE, 'websites', 'nowhere', '1'), 'No "nowhere".'],
            'not in this scope' => [
                new RawItem(self::BASE, 'stores', 'mx_es', 'USD'),
                '"currency/options/base" cannot be set at scope "stores".',
            ],
            'not allowed' => [
                new RawItem('dev/debug/hints', value: '1'),
                '"dev/debug/hints" is not on the list of what the Bridge may read and write.',
            ],
            'an upload' => [
                new RawItem('carriers/tablerate/import', value: '1'),
                '"carriers/tablerate/import" does not hold a value.',
            ],
            'locked' => [
                new RawItem('currency/options/default', value: 'USD'),
                'Set in env.php, config.php or the environment; the database value would be ignored.',
            ],
            'locked, to inherit' => [
                new RawItem('currency/options/default', inherit: true),
                'Set in env.php, config.php or the environment; the database value would be ignored.',
            ],
            'no value' => [new RawItem(self::PRICE), 'Give a value, or inherit.'],
            'no number' => [new RawItem(self::PRICE, value: 'abc'), '"carriers/flatrate/price" must be a number.'],
            'no option' => [
                new RawItem('carriers/flatrate/type', value: 'Q'),
                '"Q" is not among the options of "carriers/flatrate/type".',
            ],
            'address of somebody else' => [
                new RawItem('carriers/ups/gateway_url', value: 'https://elsewhere.example/'),
                '"carriers/ups/gateway_url" must be an https address in ups.com.',
            ],
        ];
    }

    /**
     * The second of two items about one setting is refused, even when the first one is.
     */
    public function testRefusesTheSameSettingTwice(): void
    {
        $plan = $this->plan([new RawItem(self::PRICE, value: 'abc'), new RawItem(self::PRICE, value: '1')]);
        $messages = array_map(static fn (Outcome $error): ?string => $error->message, $plan->errors());
        self::assertSame(['"carriers/flatrate/price" must be a number.', 'Given twice.'], $messages);
    }

    /**
     * A website's base currency needs prices per website: stored, or set by the same batch.
     */
    public function testBaseCurrencyOfAWebsiteNeedsItsPrices(): void
    {
        $base = new RawItem(self::BASE, 'websites', 'mx', 'MXN');
        $inherit = new RawItem(self::BASE, 'websites', 'mx', null, true);
        $perWebsite = new RawItem(self::SCOPE, value: '1');
        $global = new RawItem(self::SCOPE, value: '0');
        self::assertSame(['error'], $this->statuses($this->plan([$base])));
        self::assertSame(['unchanged'], $this->statuses($this->plan([$inherit])));
        self::assertSame(['changed', 'changed'], $this->statuses($this->plan([$base, $perWebsite])));
        $this->shop->rows = ['default||' . self::SCOPE => '1'];
        self::assertSame(['changed'], $this->statuses($this->plan([$base])));
        self::assertSame(['error', 'changed'], $this->statuses($this->plan([$base, $global])));
        $this->shop->rows = [];
        self::assertSame(['changed'], $this->statuses($this->plan([new RawItem(self::BASE, value: 'MXN')])));
    }

    /**
     * What is in force can be written, also when it is no option any more.
     */
    public function testTakesBackWhatIsInForce(): void
    {
        $this->shop->rows = ['default||carriers/flatrate/type' => 'X'];
        self::assertSame(['unchanged'], $this->statuses($this->plan([
            new RawItem('carriers/flatrate/type', value: 'X'),
        ])));
        self::assertSame(['error'], $this->statuses($this->plan([
            new RawItem('carriers/flatrate/type', 'websites', 'mx', 'X'),
        ])));
    }

    /**
     * A replacing batch lets go what it does not list, where it is still stored.
     */
    public function testReplacingReleasesWhatIsNotListed(): void
    {
        $this->shop->rows = [
            'default||' . self::CITY => 'Austin',
            'default||' . self::PRICE => '7',
            'default||gone/module/setting' => 'x',
        ];
        $manifest = new Manifest(1, [
            'default||' . self::CITY => new Entry('Austin'),
            'default||' . self::PRICE => new Entry('7'),
            'default||carriers/flatrate/type' => new Entry('O'),
            'default||gone/module/setting' => new Entry('x'),
            'websites|nowhere|' . self::PRICE => new Entry('1'),
        ]);
        $plan = $this->plan([new RawItem(self::CITY, value: 'Austin')], $manifest, true);
        self::assertSame(['unchanged', 'reset', 'reset'], $this->statuses($plan));
        self::assertSame([self::PRICE, 'gone/module/setting'], $plan->paths());
        self::assertSame(1, $plan->unchanged());
        self::assertSame(['default||' . self::CITY], array_keys($plan->wanted));
        self::assertSame([], $this->plan([], $manifest)->writes);
    }

    /**
     * Wide scopes go first, and within one what other settings depend on.
     */
    public function testOrdersWritesByWhatDependsOnThem(): void
    {
        $plan = $this->plan([
            new RawItem(self::CITY, 'websites', 'mx', 'CDMX'),
            new RawItem(self::PRICE, value: '7'),
            new RawItem(self::BASE, 'websites', 'mx', 'MXN'),
            new RawItem(self::CITY, value: 'Austin'),
            new RawItem(self::SCOPE, value: '1'),
        ]);
        $order = array_map(static fn (Write $write): string => $write->setting->key(), $plan->writes);
        self::assertSame([
            'default||' . self::SCOPE,
            'default||' . self::CITY,
            'default||' . self::PRICE,
            'websites|mx|' . self::BASE,
            'websites|mx|' . self::CITY,
        ], $order);
    }

    /**
     * Plans with the real rules.
     *
     * @param RawItem[] $items
     * @param Manifest|null $manifest
     * @param bool $replace
     * @param bool $dryRun
     */
    private function plan(array $items, ?Manifest $manifest = null, bool $replace = false, bool $dryRun = false): Plan
    {
        $allowed = new AllowList([
            'general' => true,
            'catalog' => true,
            'currency' => true,
            'carriers' => true,
            'payment' => true,
        ]);
        $planner = new Planner(
            $allowed,
            new ValueRules(),
            new AddressRule(['carriers/ups/gateway_url' => 'ups.com']),
            new BaseCurrencyRule(),
            new WriteOrder()
        );
        return $planner->plan($this->shop, $items, $manifest ?? new Manifest(), $replace, $dryRun);
    }

    /**
     * What became of each item.
     *
     * @param Plan $plan
     * @return string[]
     */
    private function statuses(Plan $plan): array
    {
        return array_map(static fn (Outcome $outcome): string => $outcome->status, $plan->outcomes);
    }
}
