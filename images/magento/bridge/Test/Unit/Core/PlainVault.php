<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use StoreController\Bridge\Core\VaultInterface;

/**
 * A vault as the shop's is: every sealing differs, another key opens nothing.
 */
class PlainVault implements VaultInterface
{
    /**
     * @var int
     */
    private int $sealed = 0;

    /**
     * @param string $key
     */
    public function __construct(private readonly string $key = 'key')
    {
    }

    /**
     * @inheritDoc
     */
    public function seal(string $plain): string
    {
        $this->sealed++;
        return $plain === '' ? '' : $this->key . ':' . $this->sealed . ':' . strrev($plain);
    }

    /**
     * @inheritDoc
     */
    public function open(string $sealed): ?string
    {
        $parts = explode(':', $sealed, 3);
        if ($sealed === '') {
            return '';
        }
        return count($parts) === 3 && $parts[0] === $this->key ? strrev($parts[2]) : null;
    }

    /**
     * @inheritDoc
     */
    public function hash(string $plain): string
    {
        return hash_hmac('sha256', $plain, $this->key);
    }
}
