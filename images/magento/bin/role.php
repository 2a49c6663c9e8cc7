<?php
/**
 * Credentials of the pod's role, kept until shortly before they end: otherwise each picture would ask for new ones.
 *
 * s3.php includes it once the library is there.
 */
declare(strict_types=1);

use Aws\CacheInterface;
use Aws\Credentials\Credentials;

final class KeptRole implements CacheInterface
{
    private const SPARE_SECONDS = 300;

    public function __construct(private readonly string $file)
    {
    }

    public function get($key)
    {
        $kept = @file_get_contents($this->file);
        $found = $kept ? @unserialize($kept, ['allowed_classes' => [Credentials::class]]) : null;
        $ends = $found instanceof Credentials ? $found->getExpiration() : null;
        return $ends !== null && $ends - self::SPARE_SECONDS > time() ? $found : null;
    }

    public function set($key, $value, $ttl = 0)
    {
        // Others read it meanwhile: it is whole or not there.
        $part = tempnam(dirname($this->file), 'role');
        file_put_contents($part, serialize($value));
        rename($part, $this->file);
    }

    public function remove($key)
    {
        @unlink($this->file);
    }
}
