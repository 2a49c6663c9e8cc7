<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\AllowList;

/**
 * Which part of the configuration is open.
 */
class AllowListTest extends TestCase
{
    /**
     * The longest entry that fits decides.
     *
     * @dataProvider paths
     * @param string $path
     * @param bool $allowed
     */
    public function testTheLongestEntryDecides(string $path, bool $allowed): void
    {
        $list = new AllowList(['web' => true, 'web/secure/base_static_url' => false, 'system/smtp' => true]);
        self::assertSame($allowed, $list->allows($path));
    }

    /**
     * Paths, and whether they are open.
     *
     * @return array<string,array{string,bool}>
     */
    public function paths(): array
    {
        return [
            'in an allowed section' => ['web/secure/base_url', true],
            'taken out of it' => ['web/secure/base_static_url', false],
            'in an allowed group' => ['system/smtp/host', true],
            'beside that group' => ['system/full_page_cache/caching_application', false],
            'longer than the group only in letters' => ['system/smtp_other/host', false],
            'not listed' => ['admin/security/use_form_key', false],
            'nothing' => ['', false],
        ];
    }

    /**
     * The module's own list keeps what decides over the shop itself closed.
     */
    public function testTheModulesOwnListKeepsTheShopsFoundationsClosed(): void
    {
        $xml = simplexml_load_file(dirname(__DIR__, 3) . '/etc/di.xml');
        $items = $xml->xpath('//type[@name="StoreController\Bridge\Core\AllowList"]//item[@xsi:type="boolean"]');
        $entries = [];
        foreach ($items as $item) {
            $entries[(string)$item['name']] = (string)$item === 'true';
        }
        $list = new AllowList($entries);
        foreach (['admin', 'dev', 'oauth', 'webapi', 'csp', 'system', 'twofactorauth', 'design'] as $section) {
            self::assertFalse($list->allows($section . '/any/thing'), $section);
        }
        foreach (['web/unsecure/base_static_url', 'web/secure/base_media_url', 'catalog/search/engine'] as $path) {
            self::assertFalse($list->allows($path), $path);
        }
        foreach (['currency/options/base', 'payment/checkmo/active', 'carriers/ups/password'] as $path) {
            self::assertTrue($list->allows($path), $path);
        }
    }
}
