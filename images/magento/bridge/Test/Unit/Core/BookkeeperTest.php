<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\Bookkeeper;
use StoreController\Bridge\Core\Checksum;
use StoreController\Bridge\Core\Entry;
use StoreController\Bridge\Core\Manifest;
use StoreController\Bridge\Core\ManifestCodec;
use StoreController\Bridge\Core\Scope;
use StoreController\Bridge\Core\Setting;
use StoreController\Bridge\Core\Stored;
use StoreController\Bridge\Core\Write;

/**
 * What is remembered of a batch, and what drift is.
 */
class BookkeeperTest extends TestCase
{
    private const CITY = 'default||general/store_information/city';
    private const PRICE = 'default||carriers/flatrate/price';
    private const SECRET = 'default||carriers/ups/password';

    /**
     * A plain value is remembered as it was given, with the shop's spelling where it differs.
     */
    public function testRemembersPlainValues(): void
    {
        $books = new Bookkeeper(new PlainVault());
        $write = $this->write('general/store_information/city', 'Austin');
        self::assertEquals(new Entry('Austin'), $books->entry($write, new Stored(true, 'Austin'), null));
        self::assertEquals(
            new Entry('Austin', false, 'austin'),
            $books->entry($write, new Stored(true, 'austin'), null)
        );
        $inherits = $this->write('general/store_information/city', null);
        self::assertEquals(new Entry(null), $books->entry($inherits, new Stored(), null));
    }

    /**
     * A secret is sealed, and sealed anew only when it changes.
     */
    public function testSealsSecrets(): void
    {
        $books = new Bookkeeper(new PlainVault());
        $write = $this->write('carriers/ups/password', 'hush');
        $first = $books->entry($write, new Stored(true, 'hush'), null);
        self::assertTrue($first->secret);
        self::assertStringNotContainsString('hush', (string)$first->value);
        self::assertSame('hush', $books->plain($first));
        self::assertSame($first, $books->entry($write, new Stored(true, 'hush'), $first));
        $other = $books->entry($this->write('carriers/ups/password', 'other'), new Stored(true, 'other'), $first);
        self::assertSame('other', $books->plain($other));
        $empty = $books->entry($this->write('carriers/ups/password', ''), new Stored(true, ''), $first);
        self::assertSame(['', true], [$books->plain($empty), $empty->secret]);
    }

    /**
     * Nothing drifts while everything is as it was applied.
     */
    public function testNothingDriftsWhenAllIsAsApplied(): void
    {
        $vault = new PlainVault();
        $shop = new SmallShop();
        $shop->rows = [self::CITY => 'austin', self::SECRET => 'hush'];
        $manifest = new Manifest(3, [
            self::CITY => new Entry('Austin', false, 'austin'),
            self::SECRET => new Entry($vault->seal('hush'), true),
            self::PRICE => new Entry(null),
        ]);
        $compared = (new Bookkeeper($vault))->compare($shop, $manifest);
        self::assertSame([], $compared['drift']);
        $sum = new Checksum($vault);
        self::assertSame($sum->of($compared['applied']), $sum->of($compared['current']));
    }

    /**
     * A changed, missing, added or unreadable row drifts, and so does one whose scope is gone.
     */
    public function testTellsEveryKindOfDrift(): void
    {
        $vault = new PlainVault();
        $shop = new SmallShop();
        $gone = 'websites|nowhere|carriers/flatrate/price';
        $added = 'default||carriers/flatrate/type';
        $shop->rows = [self::CITY => 'Dallas', self::SECRET => null, $added => 'O'];
        $manifest = new Manifest(3, [
            self::CITY => new Entry('Austin'),
            self::SECRET => new Entry($vault->seal('hush'), true),
            self::PRICE => new Entry('7'),
            $added => new Entry(null),
            $gone => new Entry('1'),
        ]);
        $compared = (new Bookkeeper($vault))->compare($shop, $manifest);
        self::assertSame([self::CITY, self::SECRET, self::PRICE, $added, $gone], $compared['drift']);
        $sum = new Checksum($vault);
        self::assertNotSame($sum->of($compared['applied']), $sum->of($compared['current']));
    }

    /**
     * With another key the secrets that were applied cannot be read: they drift.
     */
    public function testAnotherKeyShowsAsDrift(): void
    {
        $shop = new SmallShop();
        $shop->rows = [self::SECRET => null];
        $manifest = new Manifest(1, [self::SECRET => new Entry((new PlainVault('old'))->seal('hush'), true)]);
        $compared = (new Bookkeeper(new PlainVault('new')))->compare($shop, $manifest);
        self::assertSame([self::SECRET], $compared['drift']);
    }

    /**
     * The sum depends on every name and value, on the key, and not on the order.
     */
    public function testChecksum(): void
    {
        $sum = new Checksum(new PlainVault());
        $one = $sum->of(['a' => '1', 'b' => null]);
        self::assertMatchesRegularExpression('/^[0-9a-f]{64}$/', $one);
        self::assertSame($one, $sum->of(['b' => null, 'a' => '1']));
        self::assertSame('', $sum->of([]));
        self::assertNotSame($one, $sum->of(['a' => '2', 'b' => null]));
        self::assertNotSame($one, $sum->of(['a' => '1', 'b' => '']));
        self::assertNotSame($one, (new Checksum(new PlainVault('other')))->of(['a' => '1', 'b' => null]));
    }

    /**
     * A manifest reads as it was written; anything else reads as nothing.
     */
    public function testCodec(): void
    {
        $codec = new ManifestCodec();
        $manifest = new Manifest(7, [
            'a' => new Entry('1'),
            'b' => new Entry(null),
            'c' => new Entry('sealed', true),
            'd' => new Entry('x', false, 'y'),
            'e' => new Entry(''),
        ]);
        $kept = json_decode((string)json_encode($codec->encode($manifest)), true);
        self::assertEquals($manifest, $codec->decode($kept));
        self::assertSame([], $codec->encode($manifest)['items']['b']);
        foreach ([null, false, [], 'x', ['revision' => 3], ['revision' => 1, 'items' => 'x']] as $other) {
            self::assertEquals(new Manifest(), $codec->decode($other));
        }
    }

    /**
     * Later batches add to a manifest; a replacing one leaves only itself.
     */
    public function testManifestAfterABatch(): void
    {
        $before = new Manifest(1, ['b' => new Entry('1'), 'a' => new Entry('1')]);
        $added = $before->after(2, ['c' => new Entry('3'), 'a' => new Entry('2')], false);
        self::assertSame(['a', 'b', 'c'], array_keys($added->entries));
        self::assertSame(['2', 2], [$added->find('a')?->value, $added->revision]);
        self::assertSame(['c'], array_keys($before->after(2, ['c' => new Entry('3')], true)->entries));
        self::assertSame(['b'], $before->released(['a', 'c']));
    }

    /**
     * A write of the small shop.
     *
     * @param string $path
     * @param string|null $value null: inherits
     */
    private function write(string $path, ?string $value): Write
    {
        return new Write(
            new Setting($path, new Scope(), $value, $value === null),
            (new SmallShop())->field($path)
        );
    }
}
