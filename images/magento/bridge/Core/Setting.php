<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * One path in one scope and what is wanted there: a value, or to inherit. A query wants nothing.
 */
class Setting
{
    /**
     * @param string $path
     * @param Scope $scope
     * @param string|null $value
     * @param bool $inherit
     */
    public function __construct(
        public readonly string $path,
        public readonly Scope $scope,
        public readonly ?string $value = null,
        public readonly bool $inherit = false
    ) {
    }

    /**
     * Names the setting: scope|code|path.
     */
    public function key(): string
    {
        return $this->scope->key() . '|' . $this->path;
    }

    /**
     * What shall be stored; nothing at all where the setting inherits.
     */
    public function wanted(): ?string
    {
        return $this->inherit ? null : $this->value;
    }
}
