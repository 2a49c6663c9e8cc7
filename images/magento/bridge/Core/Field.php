<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What the shop's own structure says about a setting.
 */
class Field
{
    private const NOT_A_VALUE = ['image', 'file', 'button', 'label', 'heading', 'note', 'hidden'];

    /**
     * @param string $path
     * @param string $structurePath
     * @param string $type
     * @param string[] $scopes
     * @param string $validate
     * @param bool $encrypted
     * @param string|null $backendModel
     * @param bool $hasOptions
     */
    public function __construct(
        public readonly string $path,
        public readonly string $structurePath,
        public readonly string $type,
        public readonly array $scopes,
        public readonly string $validate = '',
        public readonly bool $encrypted = false,
        public readonly ?string $backendModel = null,
        public readonly bool $hasOptions = false
    ) {
    }

    /**
     * The section whose form the field is part of.
     */
    public function section(): string
    {
        return explode('/', $this->structurePath, 2)[0];
    }

    /**
     * Whether several options may be chosen; their values are joined by commas.
     */
    public function isMultiple(): bool
    {
        return $this->type === 'multiselect';
    }

    /**
     * Whether the value is never shown.
     */
    public function isSensitive(): bool
    {
        return $this->encrypted || in_array($this->type, ['obscure', 'password'], true);
    }

    /**
     * Whether the field holds a value at all; uploads, buttons and headings do not.
     */
    public function isSettable(): bool
    {
        return !in_array($this->type, self::NOT_A_VALUE, true) && !str_contains($this->type, '\\');
    }
}
