<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * One item of a request, before anything about it is known to be right.
 */
class RawItem
{
    /**
     * @param string $path
     * @param string|null $scope
     * @param string|null $scopeCode
     * @param string|null $value
     * @param bool $inherit
     */
    public function __construct(
        public readonly string $path,
        public readonly ?string $scope = null,
        public readonly ?string $scopeCode = null,
        public readonly ?string $value = null,
        public readonly bool $inherit = false
    ) {
    }

    /**
     * The setting that the item names.
     *
     * @throws Refusal
     */
    public function setting(): Setting
    {
        return new Setting(trim($this->path), new Scope($this->scope, $this->scopeCode), $this->value, $this->inherit);
    }
}
