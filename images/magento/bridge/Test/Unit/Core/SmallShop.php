<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use StoreController\Bridge\Core\Field;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\Scope;
use StoreController\Bridge\Core\ScopeMissing;
use StoreController\Bridge\Core\ShopInterface;
use StoreController\Bridge\Core\Stored;

/**
 * A shop with a few settings, one website and one store view, all in memory.
 */
class SmallShop implements ShopInterface
{
    public const EVERYWHERE = ['default', 'websites', 'stores'];

    /**
     * @var array<string,Field>
     */
    public array $fields = [];

    /**
     * @var array<string,string[]>
     */
    public array $options = ['currency/options/base' => ['USD', 'MXN'], 'carriers/flatrate/type' => ['', 'O', 'I']];

    /**
     * @var array<string,string|null> scope|code|path => plain value; null: cannot be read
     */
    public array $rows = [];

    /**
     * @var string[]
     */
    public array $locked = [];

    /**
     * Has the settings that the tests are about.
     */
    public function __construct()
    {
        $site = ['default', 'websites'];
        $number = 'validate-number validate-zero-or-greater';
        $fields = [
            new Field('catalog/price/scope', 'catalog/price/scope', 'select', ['default']),
            new Field('currency/options/base', 'currency/options/base', 'select', $site, hasOptions: true),
            new Field('currency/options/default', 'currency/options/default', 'select', self::EVERYWHERE),
            new Field('currency/options/allow', 'currency/options/allow', 'multiselect', self::EVERYWHERE),
            new Field('general/store_information/city', 'general/store_information/city', 'text', $site),
            new Field('carriers/flatrate/price', 'carriers/flatrate/price', 'text', $site, $number),
            new Field('carriers/flatrate/type', 'carriers/flatrate/type', 'select', $site, hasOptions: true),
            new Field('carriers/ups/password', 'carriers/ups/password', 'obscure', $site, encrypted: true),
            new Field('carriers/ups/gateway_url', 'carriers/ups/gateway_url', 'text', $site),
            new Field('payment/bt/key', 'payment_us/bt/deep/key', 'obscure', $site, encrypted: true),
            new Field('carriers/tablerate/import', 'carriers/tablerate/import', 'Some\\Import', $site),
            new Field('dev/debug/hints', 'dev/debug/hints', 'text', self::EVERYWHERE),
        ];
        foreach ($fields as $field) {
            $this->fields[$field->path] = $field;
        }
    }

    /**
     * @inheritDoc
     */
    public function field(string $path): Field
    {
        return $this->fields[$path] ?? throw new Refusal('Unknown path "%1".', [$path]);
    }

    /**
     * @inheritDoc
     */
    public function options(Field $field): array
    {
        return $this->options[$field->path] ?? [];
    }

    /**
     * @inheritDoc
     */
    public function requireScope(Scope $scope): void
    {
        if (!in_array($scope->key(), ['default|', 'websites|mx', 'stores|mx_es'], true)) {
            throw new ScopeMissing('No "%1".', [$scope->code]);
        }
    }

    /**
     * @inheritDoc
     */
    public function parent(Scope $scope): ?Scope
    {
        return match ($scope->type) {
            Scope::STORES => new Scope(Scope::WEBSITES, 'mx'),
            Scope::WEBSITES => new Scope(),
            default => null,
        };
    }

    /**
     * @inheritDoc
     */
    public function isLocked(string $path, Scope $scope): bool
    {
        return in_array($path, $this->locked, true);
    }

    /**
     * @inheritDoc
     */
    public function stored(string $path, Scope $scope, bool $encrypted): Stored
    {
        $this->requireScope($scope);
        $key = $scope->key() . '|' . $path;
        return array_key_exists($key, $this->rows) ? new Stored(true, $this->rows[$key]) : new Stored();
    }

    /**
     * @inheritDoc
     */
    public function effective(string $path, Scope $scope): ?string
    {
        return $this->rows[$scope->key() . '|' . $path] ?? null;
    }
}
