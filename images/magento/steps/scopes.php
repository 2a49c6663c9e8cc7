<?php
/**
 * Adds the smallest set of websites to config.php, which building static files asks for.
 *
 * steps/static calls it and takes the set out again. Usage: php scopes.php FILE
 */
declare(strict_types=1);

$file = $argv[1];
$config = require $file;
$website = ['code' => 'base', 'name' => 'Main', 'sort_order' => '0', 'default_group_id' => '1', 'is_default' => '1'];
$group = ['website_id' => '1', 'name' => 'Main', 'root_category_id' => '2', 'default_store_id' => '1', 'code' => 'main'];
$view = [
    'code' => 'default', 'website_id' => '1', 'group_id' => '1', 'name' => 'Default', 'sort_order' => '0',
    'is_active' => '1',
];
$config['scopes'] = [
    'websites' => [
        'admin' => ['website_id' => '0', 'default_group_id' => '0', 'code' => 'admin'] + $website,
        'base' => ['website_id' => '1'] + $website,
    ],
    'groups' => [
        ['group_id' => '0', 'website_id' => '0', 'root_category_id' => '0', 'default_store_id' => '0', 'code' => 'default'] + $group,
        ['group_id' => '1'] + $group,
    ],
    'stores' => [
        'admin' => ['store_id' => '0', 'website_id' => '0', 'group_id' => '0', 'code' => 'admin'] + $view,
        'default' => ['store_id' => '1'] + $view,
    ],
];
file_put_contents($file, "<?php\nreturn " . var_export($config, true) . ";\n");
