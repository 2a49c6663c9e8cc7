<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What the administration's form would post for one section and scope. Backend models look at a field's
 * siblings through it: a default currency has to be among the allowed ones of the same batch.
 */
class FormData
{
    /**
     * Returns the form as Magento nests it: groups, fields, value or inherit.
     *
     * @param ShopInterface $shop
     * @param Scope $scope
     * @param string $section
     * @param array<string,Write> $batch
     * @return array<string, array<string, mixed>>
     */
    public function groups(ShopInterface $shop, Scope $scope, string $section, array $batch): array
    {
        $groups = [];
        $fields = [];
        foreach ($batch as $write) {
            if ($write->field->section() === $section) {
                $fields[$write->setting->path] = $write->field;
            }
        }
        foreach ($fields as $field) {
            $posted = $this->posted($shop, $scope, $field, $batch);
            if ($posted !== null) {
                $groups = array_replace_recursive($groups, $this->nested($field, $posted));
            }
        }
        return $groups;
    }

    /**
     * Returns a value as a form posts it: several choices are a list.
     *
     * @param Field $field
     * @param string|null $value
     * @return string|string[]|null
     */
    public function value(Field $field, ?string $value): string|array|null
    {
        if ($value === null || !$field->isMultiple()) {
            return $value;
        }
        return $value === '' ? [] : explode(',', $value);
    }

    /**
     * What one field posts: nothing where the shop's own configuration is right already.
     *
     * @param ShopInterface $shop
     * @param Scope $scope
     * @param Field $field
     * @param array<string,Write> $batch
     * @return array<string, mixed>|null
     */
    private function posted(ShopInterface $shop, Scope $scope, Field $field, array $batch): ?array
    {
        $overridden = false;
        for ($at = $scope; $at !== null; $at = $shop->parent($at)) {
            $given = $batch[(new Setting($field->path, $at))->key()] ?? null;
            if ($given !== null && !$given->setting->inherit) {
                return ['value' => $this->value($field, $given->setting->value)];
            }
            if ($given !== null) {
                $overridden = true;
                continue;
            }
            $stored = $shop->stored($field->path, $at, $field->encrypted);
            if ($stored->exists) {
                return $overridden ? ['value' => $this->value($field, $stored->plain)] : null;
            }
        }
        return $overridden ? ['inherit' => 1] : null;
    }

    /**
     * Puts what a field posts at its place in the form.
     *
     * @param Field $field
     * @param array<string,mixed> $posted
     * @return array<string, array<string, mixed>>
     */
    private function nested(Field $field, array $posted): array
    {
        $parts = explode('/', $field->structurePath);
        array_shift($parts);
        $nested = ['fields' => [array_pop($parts) => $posted]];
        $nested = [(string)array_pop($parts) => $nested];
        while ($parts !== []) {
            $nested = [array_pop($parts) => ['groups' => $nested]];
        }
        return $nested;
    }
}
