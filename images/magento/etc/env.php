<?php
/**
 * The shop's deployment configuration, from the environment and from secret files.
 *
 * It lies in the image, readable and nothing more: whatever would write it would write the secrets
 * into it. It asks getenv() because Magento hands array leaves like the database's on unexpanded.
 */
declare(strict_types=1);

$setting = static function (string $name, string $default = ''): string {
    $value = getenv($name);
    return $value === false || $value === '' ? $default : $value;
};
$secret = static function (string $name, bool $needed) use ($setting): string {
    $file = $setting('SHOP_SECRETS', '/run/secrets/shop') . '/' . $name;
    if (is_readable($file)) {
        return trim((string) file_get_contents($file));
    }
    if ($needed) {
        throw new \RuntimeException("The secret file $file is missing or cannot be read.");
    }
    return '';
};

$cryptKey = $secret('crypt-key', true);
// Magento takes longer ones too, and fails at the first value that it encrypts. A key that was rotated
// keeps the older ones before it.
foreach (preg_split('/\s+/', $cryptKey) as $one) {
    if (strlen($one) !== 32 && !preg_match('~^base64[A-Za-z0-9+/]{43}=$~', $one)) {
        throw new \RuntimeException('The secret crypt-key is neither 32 characters nor base64 and 32 bytes in base64.');
    }
}

$prefix = $setting('SHOP_CACHE_PREFIX', 'shop_');
$cacheHost = $setting('SHOP_CACHE_HOST', 'cache');
$cachePort = $setting('SHOP_CACHE_PORT', '6379');
$cache = static fn (string $database, string $compress): array => [
    'id_prefix' => $prefix,
    'backend' => 'Magento\\Framework\\Cache\\Backend\\Redis',
    'backend_options' => [
        'server' => $cacheHost,
        'port' => $cachePort,
        'password' => $secret('cache-password', false),
        'database' => $database,
        'compress_data' => $compress,
        'use_lua' => '0',
    ],
];

// Magento asks for an access list with every object, the one that objects have anyway; buckets that allow
// no lists, as Amazon's new ones, would refuse the object. A name, since Magento takes no closure here.
if (!function_exists('storecontroller_s3')) {
    function storecontroller_s3(string $type, string $service, string $version): ?array
    {
        $api = (Aws\Api\ApiProvider::defaultProvider())($type, $service, $version);
        foreach (['PutObject', 'CopyObject', 'CreateMultipartUpload'] as $operation) {
            unset($api['shapes']["{$operation}Request"]['members']['ACL']);
        }
        return $api;
    }
}

// Media in a bucket, as the module Magento_RemoteStorage reads it; the rest goes to the AWS library.
$storage = ['driver' => 'file'];
$auth = $setting('SHOP_MEDIA_AUTH', 'keys');
if (!in_array($auth, ['keys', 'role'], true)) {
    throw new \RuntimeException("SHOP_MEDIA_AUTH is $auth; it is keys or role.");
}
if ($setting('SHOP_MEDIA_BUCKET') !== '') {
    $storage = [
        'driver' => 'aws-s3',
        'prefix' => trim($setting('SHOP_MEDIA_PREFIX'), '/'),
        // Without credentials Magento and s3.php ask for the pod's role, as the library finds it.
        'config' => array_filter([
            'endpoint' => $setting('SHOP_MEDIA_ENDPOINT'),
            'credentials' => $auth === 'role' ? null : [
                'key' => $secret('media-access-key', true),
                'secret' => $secret('media-secret-key', true),
            ],
        ]) + [
            'bucket' => $setting('SHOP_MEDIA_BUCKET'),
            'region' => $setting('SHOP_MEDIA_REGION', 'us-east-1'),
            'path_style' => $setting('SHOP_MEDIA_PATH_STYLE', '0'),
            // Not every server of this protocol knows the sums that newer libraries add unasked.
            'request_checksum_calculation' => 'when_required',
            'response_checksum_validation' => 'when_required',
            'api_provider' => 'storecontroller_s3',
            // A server that does not answer must not take the shop's processes with it. CURLOPT_LOW_SPEED_LIMIT
            // and _TIME: less than a kilobyte a second, for five seconds.
            'http' => ['connect_timeout' => 2, 'timeout' => 300, 'curl' => [19 => 1024, 20 => 5]],
            'retries' => 1,
        ],
    ];
}

// Page caches of Varnish, which keep the pages and are told what to forget; without them the cache above
// keeps them.
$pageCaches = array_map(static function (string $place): array {
    [$host, $port] = explode(':', $place) + [1 => '80'];
    return ['host' => $host, 'port' => $port];
}, array_filter(explode(',', $setting('SHOP_PAGE_CACHES'))));

// Settings that follow the place where the shop runs, and no merchant's wish. Said as variables: a section
// “system” of this file would have to be imported into the database, and until it was Magento serves nothing.
foreach ([
    'catalog/search/engine' => 'opensearch',
    'catalog/search/opensearch_server_hostname' => $setting('SHOP_SEARCH_HOST', 'search'),
    'catalog/search/opensearch_server_port' => $setting('SHOP_SEARCH_PORT', '9200'),
    'catalog/search/opensearch_index_prefix' => $setting('SHOP_SEARCH_PREFIX', 'magento2'),
    // The control plane shows its token as a bearer.
    'oauth/consumer/enable_integration_as_bearer' => '1',
    // 1 is Magento's own, 2 is Varnish.
    'system/full_page_cache/caching_application' => $pageCaches === [] ? '1' : '2',
    // Magento allows no second place for media beside a bucket.
] + ($storage['driver'] === 'file' ? [] : ['system/media_storage_configuration/media_database' => '0']) as $path => $value) {
    $_ENV['CONFIG__DEFAULT__' . strtoupper(str_replace('/', '__', $path))] = $value;
}

return [
    'backend' => ['frontName' => $setting('SHOP_ADMIN_PATH', 'admin')],
    'crypt' => ['key' => $cryptKey],
    'db' => [
        'table_prefix' => '',
        'connection' => [
            'default' => [
                'host' => $setting('SHOP_DB_HOST', 'database') . ':' . $setting('SHOP_DB_PORT', '3306'),
                'dbname' => $setting('SHOP_DB_NAME', 'magento'),
                'username' => $setting('SHOP_DB_USER', 'magento'),
                'password' => $secret('db-password', true),
                'model' => 'mysql4',
                'engine' => 'innodb',
                'initStatements' => 'SET NAMES utf8;',
                'active' => '1',
                // PDO::MYSQL_ATTR_MULTI_STATEMENTS off: one statement per call.
                'driver_options' => [1014 => false],
            ],
        ],
    ],
    'resource' => ['default_setup' => ['connection' => 'default']],
    'cache' => [
        'graphql' => ['id_salt' => substr(hash_hmac('sha256', 'graphql', $cryptKey), 0, 32)],
        'frontend' => [
            'default' => $cache($setting('SHOP_CACHE_DATABASE', '0'), '1'),
            'page_cache' => $cache($setting('SHOP_PAGE_CACHE_DATABASE', '1'), '0'),
        ],
        'allow_parallel_generation' => false,
    ],
    // Sessions may live on a server of their own, where nothing is evicted.
    'session' => [
        'save' => 'redis',
        'redis' => [
            'host' => $setting('SHOP_SESSION_HOST', $cacheHost),
            'port' => $setting('SHOP_SESSION_PORT', $cachePort),
            'password' => $secret('session-password', false) ?: $secret('cache-password', false),
            'database' => $setting('SHOP_SESSION_DATABASE', '2'),
            'timeout' => '2.5',
            'compression_threshold' => '2048',
            'compression_library' => 'gzip',
            'log_level' => '1',
            'max_concurrency' => '20',
            'break_after_frontend' => '5',
            'break_after_adminhtml' => '30',
            'first_lifetime' => '600',
            'bot_first_lifetime' => '60',
            'bot_lifetime' => '7200',
            'disable_locking' => '1',
            'min_lifetime' => '60',
            'max_lifetime' => '2592000',
        ],
    ],
    'lock' => ['provider' => 'db'],
    'queue' => ['consumers_wait_for_messages' => (int) $setting('SHOP_CONSUMERS_WAIT', '0')],
    'cron_consumers_runner' => ['cron_run' => $setting('SHOP_CONSUMERS_BY_CRON', '1') === '1'],
    'remote_storage' => $storage,
    'config' => ['async' => 0],
    'directories' => ['document_root_is_pub' => true],
    'x-frame-options' => 'SAMEORIGIN',
    'MAGE_MODE' => 'production',
    'storecontroller' => ['instance_uid' => $setting('STORECONTROLLER_INSTANCE_UID')],
    'cache_types' => array_fill_keys([
        'config', 'layout', 'block_html', 'collections', 'reflection', 'db_ddl', 'compiled_config', 'eav',
        'customer_notification', 'config_integration', 'config_integration_api',
        'graphql_query_resolver_result', 'full_page', 'config_webservice', 'translate',
    ], 1),
    'http_cache_hosts' => $pageCaches,
    'downloadable_domains' => [],
    // Without a date Magento takes itself for not installed; the install job alone decides that.
    'install' => ['date' => 'Sun, 22 Nov 2026 00:00:00 +0000'],
];
