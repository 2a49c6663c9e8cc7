<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Config\Model\Config\Reader\Source\Deployed\SettingChecker;
use Magento\Framework\App\Config\ScopeConfigInterface;
use StoreController\Bridge\Core\Field;
use StoreController\Bridge\Core\Scope;
use StoreController\Bridge\Core\ScopeMissing;
use StoreController\Bridge\Core\ShopInterface;
use StoreController\Bridge\Core\Stored;
use StoreController\Bridge\Core\VaultInterface;
use StoreController\Bridge\Model\Scopes;

/**
 * This shop: its structure, its scopes, its rows.
 */
class LiveShop implements ShopInterface
{
    private const ENCRYPTED = '/^\d+:\d+:/';

    /**
     * @param Fields $fields
     * @param Rows $rows
     * @param VaultInterface $vault
     * @param SettingChecker $locks
     * @param ScopeConfigInterface $config
     * @param Scopes $scopes
     */
    public function __construct(
        private readonly Fields $fields,
        private readonly Rows $rows,
        private readonly VaultInterface $vault,
        private readonly SettingChecker $locks,
        private readonly ScopeConfigInterface $config,
        private readonly Scopes $scopes
    ) {
    }

    /**
     * Reads what the database has now for these paths; everything is asked of one reading.
     *
     * @param string[] $paths
     */
    public function look(array $paths): void
    {
        $this->rows->load($paths);
    }

    /**
     * @inheritDoc
     */
    public function field(string $path): Field
    {
        return $this->fields->get($path);
    }

    /**
     * @inheritDoc
     */
    public function options(Field $field): array
    {
        return $field->hasOptions ? $this->fields->options($field->path) : [];
    }

    /**
     * @inheritDoc
     */
    public function requireScope(Scope $scope): void
    {
        $this->scopeId($scope);
    }

    /**
     * Returns the number that the shop knows a scope by.
     *
     * @param Scope $scope
     * @throws ScopeMissing
     */
    public function scopeId(Scope $scope): int
    {
        return $this->scopes->id($scope);
    }

    /**
     * @inheritDoc
     */
    public function parent(Scope $scope): ?Scope
    {
        return $this->scopes->parent($scope);
    }

    /**
     * @inheritDoc
     */
    public function isLocked(string $path, Scope $scope): bool
    {
        return (bool)$this->locks->isReadOnly($path, $scope->type, $scope->code === '' ? null : $scope->code);
    }

    /**
     * Returns the number of the row that holds a setting; null when there is none.
     *
     * @param string $path
     * @param Scope $scope
     */
    public function rowId(string $path, Scope $scope): ?int
    {
        return $this->rows->find($path, $scope->type, $this->scopeId($scope))['id'] ?? null;
    }

    /**
     * @inheritDoc
     */
    public function stored(string $path, Scope $scope, bool $encrypted): Stored
    {
        $row = $this->rows->find($path, $scope->type, $this->scopeId($scope));
        if ($row === null) {
            return new Stored();
        }
        return new Stored(true, $encrypted ? $this->decrypted($row['value']) : $row['value']);
    }

    /**
     * @inheritDoc
     */
    public function effective(string $path, Scope $scope): ?string
    {
        $value = $this->config->getValue($path, $scope->type, $scope->code === '' ? null : $scope->code);
        if (is_array($value)) {
            return (string)json_encode($value);
        }
        return $value === null ? null : (string)$value;
    }

    /**
     * Returns the value in force in plain; Magento decrypts some secrets by itself and others not.
     *
     * @param Field $field
     * @param Scope $scope
     */
    public function effectivePlain(Field $field, Scope $scope): ?string
    {
        $value = $this->effective($field->path, $scope);
        return $field->encrypted && $value !== null && preg_match(self::ENCRYPTED, $value)
            ? $this->decrypted($value)
            : $value;
    }

    /**
     * Decrypts a stored secret.
     *
     * A plain row, which config:set writes where structure path and config path differ, counts as unreadable:
     * Magento would "decrypt" it to garbage.
     *
     * @param string $raw
     */
    private function decrypted(string $raw): ?string
    {
        return $raw === '' || preg_match(self::ENCRYPTED, $raw) ? $this->vault->open($raw) : null;
    }
}
