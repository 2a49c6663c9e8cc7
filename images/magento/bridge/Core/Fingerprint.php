<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What is told instead of a secret, so that who knows the secret can see whether it is the one in force.
 */
class Fingerprint
{
    private const DIGITS = 16;

    /**
     * Returns 16 hexadecimal digits; null for an empty secret, and where the shop has no identity to key it with.
     *
     * @param string $instanceUid
     * @param string|null $secret
     */
    public function of(string $instanceUid, ?string $secret): ?string
    {
        if ($instanceUid === '' || $secret === null || $secret === '') {
            return null;
        }
        return substr(hash_hmac('sha256', $secret, $instanceUid), 0, self::DIGITS);
    }
}
