<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What the owner may do in the administration: everything, but for branches of the tree of rights that are listed.
 * The nearest entry above a right decides, so a twig of a branch that is taken away can be given back.
 */
class OwnerRights
{
    /**
     * @param array<string,bool|string|int> $entries right => given
     */
    public function __construct(private readonly array $entries)
    {
    }

    /**
     * Returns the rights that are given.
     *
     * @param array<int,array<string,mixed>> $tree as Magento's access control keeps it: id, children
     * @param bool $given
     * @return string[]
     */
    public function of(array $tree, bool $given = true): array
    {
        $rights = [];
        foreach ($tree as $node) {
            $id = (string)$node['id'];
            $here = array_key_exists($id, $this->entries) ? (bool)$this->entries[$id] : $given;
            if ($here) {
                $rights[] = $id;
            }
            array_push($rights, ...$this->of($node['children'] ?? [], $here));
        }
        return $rights;
    }
}
