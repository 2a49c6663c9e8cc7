<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * The shop's own encryption; Magento's encryptor stands behind it.
 */
interface VaultInterface
{
    /**
     * Encrypts.
     *
     * @param string $plain
     */
    public function seal(string $plain): string;

    /**
     * Decrypts what seal() or Magento encrypted; null when this shop's key cannot read it.
     *
     * @param string $sealed
     */
    public function open(string $sealed): ?string;

    /**
     * Returns a hash that nobody without the shop's key can compute.
     *
     * @param string $plain
     */
    public function hash(string $plain): string;
}
