<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Where a setting holds: everywhere, in one website, or in one store view; by code, never by number.
 */
class Scope
{
    public const DEFAULT = 'default';
    public const WEBSITES = 'websites';
    public const STORES = 'stores';

    /**
     * @var string
     */
    public readonly string $type;

    /**
     * @var string
     */
    public readonly string $code;

    /**
     * @param string|null $type
     * @param string|null $code
     * @throws Refusal
     */
    public function __construct(?string $type = null, ?string $code = null)
    {
        $this->type = $type === null || $type === '' ? self::DEFAULT : $type;
        $this->code = $code ?? '';
        if (!in_array($this->type, [self::DEFAULT, self::WEBSITES, self::STORES], true)) {
            throw new Refusal('Scope must be default, websites or stores, not "%1".', [$this->type]);
        }
        if ($this->isDefault() && $this->code !== '') {
            throw new Refusal('scope_code must be empty for scope "default".');
        }
        if (!$this->isDefault() && $this->code === '') {
            throw new Refusal('scope_code is required for scope "%1".', [$this->type]);
        }
        if ($this->code === 'admin') {
            throw new Refusal('The admin scope cannot be configured.');
        }
    }

    /**
     * Whether this is the scope that all others inherit from.
     */
    public function isDefault(): bool
    {
        return $this->type === self::DEFAULT;
    }

    /**
     * The scope as the manifest and the drift report write it.
     */
    public function key(): string
    {
        return $this->type . '|' . $this->code;
    }
}
