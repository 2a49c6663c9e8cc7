<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Login;

use Magento\Authorization\Model\Acl\Role\Group;
use Magento\Authorization\Model\ResourceModel\Role as RoleResource;
use Magento\Authorization\Model\ResourceModel\Role\CollectionFactory as RoleCollectionFactory;
use Magento\Authorization\Model\ResourceModel\Rules as RulesResource;
use Magento\Authorization\Model\Role;
use Magento\Authorization\Model\RoleFactory;
use Magento\Authorization\Model\RulesFactory;
use Magento\Authorization\Model\UserContextInterface;
use Magento\Framework\Acl\AclResource\ProviderInterface;
use Magento\User\Model\ResourceModel\User as UserResource;
use Magento\User\Model\User;
use Magento\User\Model\UserFactory;
use StoreController\Bridge\Core\OwnerRights;

/**
 * The administration's account of the shop's owner. Nobody knows its password; only one-time links open it.
 */
class Owner
{
    private const USERNAME = 'store-owner';
    private const EMAIL = 'store-owner@storecontroller.invalid';
    private const ROLE = 'Store owner';
    private const PASSWORD_BYTES = 24;

    /**
     * @param UserFactory $users
     * @param UserResource $userResource
     * @param RoleFactory $roles
     * @param RoleResource $roleResource
     * @param RoleCollectionFactory $roleCollections
     * @param RulesFactory $rules
     * @param RulesResource $rulesResource
     * @param ProviderInterface $tree
     * @param OwnerRights $rights
     */
    public function __construct(
        private readonly UserFactory $users,
        private readonly UserResource $userResource,
        private readonly RoleFactory $roles,
        private readonly RoleResource $roleResource,
        private readonly RoleCollectionFactory $roleCollections,
        private readonly RulesFactory $rules,
        private readonly RulesResource $rulesResource,
        private readonly ProviderInterface $tree,
        private readonly OwnerRights $rights
    ) {
    }

    /**
     * Returns the account, made or brought up to date where it has to be.
     */
    public function account(): User
    {
        $role = (int)$this->role()->getId();
        $user = $this->load();
        if (!$user->getId()) {
            $user->addData([
                'username' => self::USERNAME,
                'firstname' => 'Store',
                'lastname' => 'Owner',
                'email' => self::EMAIL,
                // Magento wants letters and digits.
                'password' => 'a1' . bin2hex(random_bytes(self::PASSWORD_BYTES)),
                'is_active' => 1,
            ]);
        }
        if (!$user->getId() || (int)$user->getRole()->getId() !== $role) {
            $user->setRoleId($role);
            $this->userResource->save($user);
            // A model that was saved as a new one stays "new", and its next save wants a password.
            $user = $this->load();
        }
        return $user;
    }

    /**
     * Loads the account; an empty one when there is none.
     */
    private function load(): User
    {
        $user = $this->users->create();
        $this->userResource->load($user, self::USERNAME, 'username');
        return $user;
    }

    /**
     * Returns the role with the rights that the owner has today.
     */
    private function role(): Role
    {
        $role = $this->roleCollections->create()
            ->addFieldToFilter('role_type', Group::ROLE_TYPE)
            ->addFieldToFilter('role_name', self::ROLE)
            ->getFirstItem();
        if (!$role->getId()) {
            $role = $this->roles->create();
            $role->addData([
                'parent_id' => 0,
                'role_type' => Group::ROLE_TYPE,
                'user_type' => (string)UserContextInterface::USER_TYPE_ADMIN,
                'role_name' => self::ROLE,
            ]);
            $this->roleResource->save($role);
        }
        $wanted = $this->rights->of($this->tree->getAclResources());
        if ($this->allowed((int)$role->getId()) !== $this->sorted($wanted)) {
            $rules = $this->rules->create();
            $rules->setRoleId($role->getId());
            $rules->setResources($wanted);
            $this->rulesResource->saveRel($rules);
        }
        return $role;
    }

    /**
     * Returns the rights that the role has in the database.
     *
     * @param int $roleId
     * @return string[]
     */
    private function allowed(int $roleId): array
    {
        $connection = $this->rulesResource->getConnection();
        $select = $connection->select()
            ->from($this->rulesResource->getMainTable(), ['resource_id'])
            ->where('role_id = ?', $roleId)
            ->where('permission = ?', 'allow');
        return $this->sorted($connection->fetchCol($select));
    }

    /**
     * Brings names into one order, each once.
     *
     * @param string[] $names
     * @return string[]
     */
    private function sorted(array $names): array
    {
        $names = array_values(array_unique($names));
        sort($names);
        return $names;
    }
}
