<?php
/**
 * Brings captchas into the bucket before the page that shows them goes out.
 *
 * PHP-FPM runs it ahead of every request where media are in a bucket: Magento paints captchas on the
 * container's own disk whatever it is told, and the browser may ask another container for them.
 */
declare(strict_types=1);

// Magento sends nothing before a page is whole.
header_register_callback(static function (): void {
    foreach (glob('/magento/pub/media/captcha/*', GLOB_ONLYDIR) ?: [] as $directory) {
        clearstatcache(true, $directory);
        if (filemtime($directory) < (int) $_SERVER['REQUEST_TIME']) {
            continue;
        }
        try {
            require_once __DIR__ . '/s3.php';
            $bucket = bucket();
            foreach (glob("$directory/*.png") ?: [] as $file) {
                $at = $bucket->at(substr($file, strlen('/magento/pub/')));
                $bucket->client->putObject($at + ['SourceFile' => $file, 'ContentType' => 'image/png']);
                unlink($file);
            }
        } catch (Throwable $error) {
            error_log('A captcha stays on this disk: ' . $error->getMessage());
        }
    }
});
