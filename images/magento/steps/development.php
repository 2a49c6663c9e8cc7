<?php
/**
 * Prints the directories of the packages that only development needs, one a line.
 *
 * steps/fetch removes them from a tree that was installed with them. Usage: php development.php VENDOR
 */
declare(strict_types=1);

$vendor = $argv[1];
$installed = json_decode((string) file_get_contents("$vendor/composer/installed.json"), true, 512, JSON_THROW_ON_ERROR);
foreach ($installed['dev-package-names'] ?? [] as $name) {
    echo "$vendor/$name\n";
}
