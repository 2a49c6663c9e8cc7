<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\Encryption\EncryptorInterface;
use StoreController\Bridge\Core\VaultInterface;

/**
 * Magento's encryptor behind the module's own words.
 */
class EncryptorVault implements VaultInterface
{
    /**
     * @param EncryptorInterface $encryptor
     */
    public function __construct(private readonly EncryptorInterface $encryptor)
    {
    }

    /**
     * @inheritDoc
     */
    public function seal(string $plain): string
    {
        return $plain === '' ? '' : $this->encryptor->encrypt($plain);
    }

    /**
     * @inheritDoc
     */
    public function open(string $sealed): ?string
    {
        if ($sealed === '') {
            return '';
        }
        try {
            $plain = (string)$this->encryptor->decrypt($sealed);
        } catch (\Exception) {
            return null;
        }
        // Nothing empty is ever encrypted: emptiness is how a wrong key shows.
        return $plain === '' ? null : $plain;
    }

    /**
     * @inheritDoc
     */
    public function hash(string $plain): string
    {
        return $this->encryptor->hash($plain);
    }
}
