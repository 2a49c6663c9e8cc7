<?php
/**
 * What the entry points ask of the bucket that holds the media.
 *
 * Usage: php bucket.php check|export|import|sweep
 *   check    fails when the bucket cannot be listed, written and read
 *   export   writes the media as a tar archive, without what Magento makes anew
 *   import   reads such an archive
 *   sweep    removes captchas that nobody will read any more
 */
declare(strict_types=1);

require __DIR__ . '/s3.php';
require __DIR__ . '/tar.php';

use Aws\S3\Exception\S3Exception;

// Resized pictures and the like: what a backup of a volume leaves out too.
const MADE_ANEW = '~^(cache|catalog/product/cache|tmp|captcha)/~';
const CAPTCHA_SECONDS = 3600;

function objects(Bucket $bucket, string $path): Generator
{
    $asked = ['Bucket' => $bucket->name, 'Prefix' => $bucket->key($path)];
    foreach ($bucket->client->getPaginator('ListObjectsV2', $asked) as $page) {
        foreach ($page['Contents'] ?? [] as $object) {
            yield substr($object['Key'], strlen($bucket->key(''))) => $object;
        }
    }
}

function check(Bucket $bucket): void
{
    $at = $bucket->at('media/.storecontroller');
    $bucket->client->putObject($at + ['Body' => 'check']);
    $bucket->client->getObject($at);
    $bucket->client->deleteObject($at);
    $bucket->client->listObjectsV2(['Bucket' => $bucket->name, 'MaxKeys' => 1]);
}

function export(Bucket $bucket): void
{
    foreach (objects($bucket, 'media/') as $path => $object) {
        $name = substr($path, strlen('media/'));
        // A key that ends so stands for a directory.
        if (str_ends_with($path, '/') || preg_match(MADE_ANEW, $name)) {
            continue;
        }
        try {
            $found = $bucket->client->getObject($bucket->at($path));
        } catch (S3Exception $error) {
            if ($error->getStatusCode() === 404) {
                // Deleted since it was listed.
                continue;
            }
            throw $error;
        }
        $size = (int) $found['ContentLength'];
        echo tar_begin("./$name", $size, $found['LastModified']->getTimestamp());
        pour($found);
        echo tar_padding($size);
    }
    echo tar_end();
}

function import(Bucket $bucket): void
{
    foreach (tar_files(STDIN) as $name => $content) {
        $object = ['Body' => $content, 'ContentType' => media_type($name)];
        // Magento keeps a picture's measures beside it and asks for them there.
        if ($measures = @getimagesizefromstring($content)) {
            $object['Metadata'] = ['image-width' => $measures[0], 'image-height' => $measures[1]];
        }
        $bucket->client->putObject($bucket->at("media/$name") + $object);
    }
}

function sweep(Bucket $bucket): void
{
    foreach (objects($bucket, 'media/captcha/') as $path => $object) {
        if ($object['LastModified']->getTimestamp() < time() - CAPTCHA_SECONDS) {
            $bucket->client->deleteObject($bucket->at($path));
        }
    }
}

try {
    $task = match ($argv[1] ?? '') {
        'check' => check(...),
        'export' => export(...),
        'import' => import(...),
        'sweep' => sweep(...),
        default => throw new InvalidArgumentException('Unknown task: ' . ($argv[1] ?? '')),
    };
    $task(bucket());
} catch (S3Exception $error) {
    // Its whole message would repeat the request.
    $said = $error->getAwsErrorMessage() ?: $error->getPrevious()?->getMessage() ?: $error->getMessage();
    fwrite(STDERR, "The bucket refuses: $said\n");
    exit(1);
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
