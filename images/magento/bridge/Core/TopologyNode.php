<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What one website, store group or store view shall be; null leaves a thing as it is.
 */
class TopologyNode
{
    public const WEBSITE = 'website';
    public const GROUP = 'group';
    public const STORE = 'store';
    private const CODE = '/^[a-z][a-z0-9_]{0,31}$/D';
    private const RESERVED = ['admin', 'all'];

    /**
     * As wide as the shop's columns, which cut what is longer without a word.
     */
    private const LONGEST_NAME = [self::WEBSITE => 64, self::GROUP => 255, self::STORE => 255];

    /**
     * @param string $type
     * @param string $code
     * @param string|null $name
     * @param string|null $parentCode
     * @param int|null $sortOrder
     * @param bool|null $isActive
     * @param bool|null $isDefault
     * @param int|null $rootCategoryId
     * @throws Refusal
     */
    public function __construct(
        public readonly string $type,
        public readonly string $code,
        public readonly ?string $name = null,
        public readonly ?string $parentCode = null,
        public readonly ?int $sortOrder = null,
        public readonly ?bool $isActive = null,
        public readonly ?bool $isDefault = null,
        public readonly ?int $rootCategoryId = null
    ) {
        if (!in_array($type, [self::WEBSITE, self::GROUP, self::STORE], true)) {
            throw new Refusal('Type must be website, group or store, not "%1".', [$type]);
        }
        if (!preg_match(self::CODE, $code) || in_array($code, self::RESERVED, true)) {
            throw new Refusal(
                'Bad code "%1": a lowercase letter, then letters, digits or underscore, 32 at most.',
                [$code]
            );
        }
        $longest = self::LONGEST_NAME[$type];
        if ($name !== null && (trim($name) === '' || mb_strlen($name) > $longest)) {
            throw new Refusal('The name of "%1" must have 1 to %2 characters.', [$code, $longest]);
        }
    }
}
