<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What planning has to know about the shop.
 */
interface ShopInterface
{
    /**
     * Returns what the structure says about a path.
     *
     * @param string $path
     * @throws Refusal when the shop has no such path
     */
    public function field(string $path): Field;

    /**
     * Returns all values that a field with options may have; empty when they cannot be told.
     *
     * @param Field $field
     * @return string[]
     */
    public function options(Field $field): array;

    /**
     * Refuses a website or store view that does not exist.
     *
     * @param Scope $scope
     * @throws ScopeMissing
     */
    public function requireScope(Scope $scope): void;

    /**
     * Returns the scope that a scope inherits from; null for the default scope.
     *
     * @param Scope $scope
     */
    public function parent(Scope $scope): ?Scope;

    /**
     * Whether files or the environment fix the value, so that the database has no say.
     *
     * @param string $path
     * @param Scope $scope
     */
    public function isLocked(string $path, Scope $scope): bool;

    /**
     * Returns what the database has for exactly this scope, decrypted.
     *
     * @param string $path
     * @param Scope $scope
     * @param bool $encrypted
     */
    public function stored(string $path, Scope $scope, bool $encrypted): Stored;

    /**
     * Returns the value in force as it is kept, whatever it comes from.
     *
     * @param string $path
     * @param Scope $scope
     */
    public function effective(string $path, Scope $scope): ?string;
}
