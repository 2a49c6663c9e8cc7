<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * The order in which rows are written: what other settings' validation looks at goes first.
 */
class WriteOrder
{
    private const SCOPES = [Scope::DEFAULT, Scope::WEBSITES, Scope::STORES];
    private const SECTIONS = ['catalog', 'web', 'currency', 'general', 'tax'];

    /**
     * Returns the same writes in order; those that are alike keep theirs.
     *
     * @param Write[] $writes
     * @return Write[]
     */
    public function sorted(array $writes): array
    {
        usort($writes, fn (Write $one, Write $other): int => $this->rank($one) <=> $this->rank($other));
        return $writes;
    }

    /**
     * The position of a row: wide scopes first, then sections that others depend on.
     *
     * @param Write $write
     * @return array{int, int}
     */
    private function rank(Write $write): array
    {
        $section = array_search($write->field->section(), self::SECTIONS, true);
        return [
            (int)array_search($write->setting->scope->type, self::SCOPES, true),
            $section === false ? count(self::SECTIONS) : (int)$section,
        ];
    }
}
