<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What became of one item.
 */
class Outcome
{
    public const CHANGED = 'changed';
    public const WOULD_CHANGE = 'would_change';
    public const UNCHANGED = 'unchanged';
    public const RESET = 'reset';
    public const WOULD_RESET = 'would_reset';
    public const ERROR = 'error';

    /**
     * @param string $path
     * @param string $scope
     * @param string|null $scopeCode
     * @param string $status
     * @param string|null $message
     * @param Field|null $field
     */
    public function __construct(
        public readonly string $path,
        public readonly string $scope,
        public readonly ?string $scopeCode,
        public readonly string $status,
        public readonly ?string $message = null,
        public readonly ?Field $field = null
    ) {
    }
}
