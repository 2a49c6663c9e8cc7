<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What was written last for one setting. The value of a secret is sealed; null stands for "inherits".
 */
class Entry
{
    /**
     * @param string|null $value
     * @param bool $secret
     * @param string|null $stored what the shop made of the value, when it keeps another spelling of it
     */
    public function __construct(
        public readonly ?string $value,
        public readonly bool $secret = false,
        public readonly ?string $stored = null
    ) {
    }
}
