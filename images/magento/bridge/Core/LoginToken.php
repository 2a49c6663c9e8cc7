<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Tokens of one-time links: 256 random bits, kept as a hash only.
 */
class LoginToken
{
    public const LIFETIME = 120;
    private const BYTES = 32;
    private const PATTERN = '/^[A-Za-z0-9_-]{43}$/D';

    /**
     * Returns a new token in letters that need no quoting in a URL.
     */
    public function mint(): string
    {
        return rtrim(strtr(base64_encode(random_bytes(self::BYTES)), '+/', '-_'), '=');
    }

    /**
     * Returns the form in which a token is kept; null for what cannot be one.
     *
     * @param string $token
     */
    public function digest(string $token): ?string
    {
        return preg_match(self::PATTERN, $token) ? hash('sha256', $token) : null;
    }

    /**
     * Returns until when a link made now works, as Unix time.
     *
     * @param int $now
     */
    public function expiry(int $now): int
    {
        return $now + self::LIFETIME;
    }
}
