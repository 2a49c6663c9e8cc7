<?php
/**
 * The bucket that env.php names, as the library that Magento itself brings sees it.
 *
 * bucket.php (jobs), media.php (pictures for visitors) and captcha.php include it.
 */
declare(strict_types=1);

use Aws\Credentials\CredentialProvider;
use Aws\S3\S3Client;

final class Bucket
{
    public function __construct(
        public readonly S3Client $client,
        public readonly string $name,
        private readonly string $prefix,
    ) {
    }

    /** Where Magento keeps what has this path: `media/catalog/...` */
    public function key(string $path): string
    {
        return ($this->prefix === '' ? '' : $this->prefix . '/') . $path;
    }

    /** What every request about an object of this path says. */
    public function at(string $path): array
    {
        return ['Bucket' => $this->name, 'Key' => $this->key($path)];
    }
}

/** Writes out what an object holds; of an empty one the library brings no body. */
function pour(Aws\Result $object): void
{
    for ($body = $object['Body'] ?? null; $body && !$body->eof();) {
        echo $body->read(65536);
    }
}

/** The type by the name's ending, as nginx tells it of a volume: what a file claims inside may be a page. */
function media_type(string $path): string
{
    $known = new League\MimeTypeDetection\ExtensionMimeTypeDetector();
    return $known->detectMimeTypeFromPath($path) ?? 'application/octet-stream';
}

function bucket(): Bucket
{
    $storage = (require __DIR__ . '/app-etc/env.php')['remote_storage'];
    if ($storage['driver'] !== 'aws-s3') {
        throw new RuntimeException('Media are in a volume: SHOP_MEDIA_BUCKET names no bucket.');
    }
    require_once '/magento/vendor/autoload.php';
    if (!class_exists(S3Client::class)) {
        throw new RuntimeException('This distribution lacks the module Magento_AwsS3.');
    }
    $config = $storage['config'];
    if (!isset($config['credentials'])) {
        require_once __DIR__ . '/role.php';
        $role = CredentialProvider::defaultProvider(['region' => $config['region']]);
        $config['credentials'] = CredentialProvider::cache($role, new KeptRole('/magento/var/run/media-role'));
    }
    $client = new S3Client(
        ['version' => 'latest', 'use_path_style_endpoint' => $config['path_style'] === '1'] + $config
    );
    return new Bucket($client, $config['bucket'], $storage['prefix']);
}
