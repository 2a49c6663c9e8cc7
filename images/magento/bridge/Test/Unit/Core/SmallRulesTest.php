<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\Addresses;
use StoreController\Bridge\Core\AddressRule;
use StoreController\Bridge\Core\CacheNeeds;
use StoreController\Bridge\Core\CurrencyRates;
use StoreController\Bridge\Core\Fingerprint;
use StoreController\Bridge\Core\LoginToken;
use StoreController\Bridge\Core\OwnerRights;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\TopologyNode;

/**
 * Rules of one class each: caches, rates, fingerprints, tokens, rights, nodes.
 */
class SmallRulesTest extends TestCase
{
    /**
     * Only what a change makes stale is cleaned.
     */
    public function testCachesThatAChangeNeeds(): void
    {
        $needs = new CacheNeeds();
        $all = ['config', 'layout', 'block_html', 'full_page'];
        self::assertSame([], $needs->of([]));
        self::assertSame(['config'], $needs->of(['carriers/flatrate/price', 'trans_email/ident_sales/email']));
        self::assertSame($all, $needs->of(['carriers/flatrate/price', 'general/store_information/name']));
        self::assertSame($all, $needs->of(['some_module/it/shows']));
    }

    /**
     * Each page cache behind a name is told, and a name that leads nowhere stays to be named.
     */
    public function testANameLeadsToItsAddresses(): void
    {
        $addresses = new Addresses();
        self::assertSame(['127.0.0.1'], $addresses->of('127.0.0.1'));
        self::assertContains('127.0.0.1', $addresses->of('localhost'));
        self::assertSame(['nowhere.invalid'], $addresses->of('nowhere.invalid'));
        self::assertSame([''], $addresses->of(''));
    }

    /**
     * A carrier's secrets go to the carrier.
     */
    public function testAddressesStayInTheirDomain(): void
    {
        $rule = new AddressRule(['carriers/usps/gateway_url' => 'shippingapis.com,usps.com']);
        $good = ['', 'https://usps.com', 'https://apis.usps.com/v3/x?y=1', 'https://production.shippingapis.com/a.dll'];
        foreach ($good as $address) {
            $rule->check('carriers/usps/gateway_url', $address);
        }
        $rule->check('carriers/other/gateway_url', 'https://elsewhere.example/');
        $bad = [
            'http://apis.usps.com/',
            'https://usps.com.elsewhere.example/',
            'https://notusps.com/',
            'https://usps.com@elsewhere.example/',
            'https://usps.com:8443/',
            'https://elsewhere.example/?x=https://usps.com/',
            "https://usps.com/\n",
            'usps.com',
            '//usps.com/',
        ];
        foreach ($bad as $address) {
            try {
                $rule->check('carriers/usps/gateway_url', $address);
                self::fail($address . ' was taken');
            } catch (Refusal $refusal) {
                self::assertStringEndsWith('an https address in shippingapis.com,usps.com.', $refusal->getMessage());
            }
        }
    }

    /**
     * A fingerprint is what its definition says: who knows the secret can compute it.
     */
    public function testFingerprint(): void
    {
        $fingerprint = new Fingerprint();
        $expected = substr(hash_hmac('sha256', 'hunter2', 'uid-1'), 0, 16);
        self::assertSame($expected, $fingerprint->of('uid-1', 'hunter2'));
        self::assertSame('3c62b2a0dd97aa34', $fingerprint->of('uid-1', 's3cr3t-ups'));
        self::assertNotSame($expected, $fingerprint->of('uid-2', 'hunter2'));
        foreach ([['uid-1', ''], ['uid-1', null], ['', 'hunter2']] as [$uid, $secret]) {
            self::assertNull($fingerprint->of($uid, $secret));
        }
    }

    /**
     * Tokens differ, need no quoting, and are kept as hashes.
     */
    public function testLoginTokens(): void
    {
        $tokens = new LoginToken();
        $one = $tokens->mint();
        self::assertMatchesRegularExpression('/^[A-Za-z0-9_-]{43}$/', $one);
        self::assertNotSame($one, $tokens->mint());
        self::assertSame(hash('sha256', $one), $tokens->digest($one));
        foreach (['', 'short', $one . 'x', $one . "\n", str_repeat('%', 43)] as $other) {
            self::assertNull($tokens->digest($other));
        }
        self::assertSame(1120, $tokens->expiry(1000));
    }

    /**
     * The nearest entry above a right decides.
     */
    public function testOwnersRights(): void
    {
        $tree = [['id' => 'all', 'children' => [
            ['id' => 'sales', 'children' => [['id' => 'orders', 'children' => []]]],
            ['id' => 'system', 'children' => [
                ['id' => 'users', 'children' => []],
                ['id' => 'convert', 'children' => [['id' => 'import']]],
            ]],
        ]]];
        $rights = new OwnerRights(['system' => false, 'convert' => true]);
        self::assertSame(['all', 'sales', 'orders', 'convert', 'import'], $rights->of($tree));
    }

    /**
     * Rates that Magento would drop, turn or not know are refused.
     *
     * @dataProvider rates
     * @param string $from
     * @param string $to
     * @param float|null $rate
     * @param string|null $message null: it is taken
     */
    public function testCurrencyRates(string $from, string $to, ?float $rate, ?string $message): void
    {
        $rules = new CurrencyRates();
        if ($message !== null) {
            $this->expectExceptionObject(new Refusal($message));
        }
        self::assertSame([$from => [$to => $rate]], $rules->checked([[$from, $to, $rate]], ['USD', 'EUR', 'IRR']));
    }

    /**
     * Rates, and what is wrong with them.
     *
     * @return array<string,array{string,string,float|null,string|null}>
     */
    public function rates(): array
    {
        return [
            'rate' => ['USD', 'EUR', 0.92, null],
            'small' => ['IRR', 'USD', 0.000000023, null],
            'itself' => ['USD', 'USD', 1.0, null],
            'zero' => ['USD', 'EUR', 0.0, 'Rate USD to EUR must be positive.'],
            'negative' => ['USD', 'EUR', -3.0, 'Rate USD to EUR must be positive.'],
            'missing' => ['USD', 'EUR', null, 'Rate USD to EUR must be positive.'],
            'endless' => ['USD', 'EUR', INF, 'Rate USD to EUR must be positive.'],
            'none' => ['USD', 'EUR', NAN, 'Rate USD to EUR must be positive.'],
            'rounds to zero' => ['USD', 'EUR', 1e-13, 'Rate USD to EUR must be positive.'],
            'too large' => ['USD', 'EUR', 1e12, 'Rate USD to EUR is too large.'],
            'unknown' => ['USD', 'ZZZ', 1.0, 'Unknown currency "ZZZ".'],
            'itself otherwise' => ['USD', 'USD', 2.0, 'The rate of USD to itself is 1.'],
        ];
    }

    /**
     * Nodes have a known type, a code that is no other thing's, and a name that fits.
     *
     * @dataProvider nodes
     * @param string $type
     * @param string $code
     * @param string|null $name
     * @param string|null $message null: it is taken
     */
    public function testNodes(string $type, string $code, ?string $name, ?string $message): void
    {
        if ($message !== null) {
            $this->expectExceptionObject(new Refusal($message));
        }
        self::assertSame($code, (new TopologyNode($type, $code, $name))->code);
    }

    /**
     * Nodes, and what is wrong with them.
     *
     * @return array<string,array{string,string,string|null,string|null}>
     */
    public function nodes(): array
    {
        $bad = 'Bad code "%s": a lowercase letter, then letters, digits or underscore, 32 at most.';
        return [
            'website' => ['website', 'shop_mx', 'Shop MX', null],
            'without a name' => ['store', 'shop_mx_es', null, null],
            'longest code' => ['group', str_repeat('a', 32), null, null],
            'type' => ['planet', 'x', null, 'Type must be website, group or store, not "planet".'],
            'spaces' => ['website', 'Bad Code', null, sprintf($bad, 'Bad Code')],
            'empty' => ['website', '', null, sprintf($bad, '')],
            'line end' => ['website', "a\n", null, sprintf($bad, "a\n")],
            'number' => ['website', '1', null, sprintf($bad, '1')],
            'reserved' => ['store', 'admin', null, sprintf($bad, 'admin')],
            'long' => ['website', str_repeat('a', 33), null, sprintf($bad, str_repeat('a', 33))],
            'long name' => ['website', 'x', str_repeat('ü', 65), 'The name of "x" must have 1 to 64 characters.'],
            'blank name' => ['store', 'x', ' ', 'The name of "x" must have 1 to 255 characters.'],
        ];
    }

    /**
     * A refusal fills its places for who reads it, and keeps them for who translates it.
     */
    public function testRefusal(): void
    {
        $refusal = new Refusal('%1 of %2: 100 %', [3, 'four']);
        self::assertSame('3 of four: 100 %', $refusal->getMessage());
        self::assertSame(['%1 of %2: 100 %', [3, 'four']], [$refusal->template(), $refusal->parameters()]);
    }
}
