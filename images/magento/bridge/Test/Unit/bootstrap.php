<?php

declare(strict_types=1);

// The classes under test need no framework; where they lie follows from their names.
spl_autoload_register(static function (string $class): void {
    $prefix = 'StoreController\\Bridge\\';
    if (!str_starts_with($class, $prefix)) {
        return;
    }
    $file = dirname(__DIR__, 2) . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
    if (is_file($file)) {
        // phpcs:ignore Magento2.Security.IncludeFile -- the path is the module's own.
        require $file;
    }
});
