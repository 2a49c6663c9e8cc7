<?php
/**
 * A picture from the bucket, for a visitor: what nginx asks where media are in no volume.
 *
 * The bucket stays private and the key stays here. Magento's get.php would copy each picture into the
 * container, for good and empty where the bucket hiccups; so it is asked only for what the bucket does
 * not hold: a size that was never wanted before, or the placeholder. nginx keeps the answers a while.
 */
declare(strict_types=1);

require __DIR__ . '/s3.php';

use Aws\Exception\AwsException;

/** The object, null where there is none, false where it is the one that is known. */
function found(string $path): Aws\Result|null|false
{
    $bucket = bucket();
    $known = $_SERVER['HTTP_IF_NONE_MATCH'] ?? '';
    $asked = $bucket->at($path) + ($known === '' ? [] : ['IfNoneMatch' => $known]);
    try {
        return $bucket->client->getObject($asked);
    } catch (AwsException $error) {
        return match ($error->getStatusCode()) {
            304 => false,
            404 => null,
            default => throw $error,
        };
    }
}

// nginx has decoded it and taken dots out of it.
$path = ltrim($_SERVER['DOCUMENT_URI'], '/');
try {
    $object = found($path);
} catch (Throwable $error) {
    error_log("$path: " . $error->getMessage());
    http_response_code(503);
    exit;
}
if ($object === false) {
    http_response_code(304);
    exit;
}
if ($object) {
    header('Content-Type: ' . media_type($path));
    header('Content-Length: ' . $object['ContentLength']);
    header('ETag: ' . $object['ETag']);
    header('Last-Modified: ' . $object['LastModified']->format('D, d M Y H:i:s \G\M\T'));
    pour($object);
    exit;
}

// The next one who asks finds it in the bucket; at a placeholder nobody should have to look long.
header('X-Accel-Expires: 60');
$copy = "/magento/pub/$path";
if (!is_file($copy)) {
    register_shutdown_function(static function () use ($copy): void {
        // Magento remembers what the bucket holds, and makes an empty file of what has gone since.
        if (is_file($copy) && filesize($copy) === 0) {
            header('HTTP/1.1 404 Not Found');
            header('X-Accel-Expires: 0');
            header_remove('Content-Length');
        }
        is_file($copy) && unlink($copy);
    });
}
$_SERVER['SCRIPT_FILENAME'] = '/magento/pub/get.php';
require '/magento/pub/get.php';
